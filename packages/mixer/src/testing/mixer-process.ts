import { systemClock } from "@fairlead/kit";
import { startTestMixer } from "./test-mixer.ts";

// A Mixer in a process of its own, for tests that kill it: `mixer-process.ts STATE_DIRECTORY` prints its report address.
const [stateDirectory = ""] = process.argv.slice(2);
const mixer = await startTestMixer({ stateDirectory, clock: systemClock });
process.stdout.write(`${mixer.reportAddress}\n`);
