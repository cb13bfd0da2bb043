import { killSuite } from "./kill.ts";

killSuite("bot");
