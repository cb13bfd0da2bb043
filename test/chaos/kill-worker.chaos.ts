import { killSuite } from "./kill.ts";

killSuite("worker");
