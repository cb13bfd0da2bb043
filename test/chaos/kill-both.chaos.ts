import { killSuite } from "./kill.ts";

killSuite("both");
