// SPDX-License-Identifier: GPL-2.0-only
// main.ts - put the pages together and start

import "./style/style.css";
import { App } from "./app.ts";
import { Live } from "./data/live.ts";
import { block } from "./panels/block.ts";
import { caches } from "./panels/caches.ts";
import { events } from "./panels/events.ts";
import { files } from "./panels/files.ts";
import { follow } from "./panels/follow.ts";
import { interrupts } from "./panels/interrupts.ts";
import { memory } from "./panels/memory.ts";
import { Poller } from "./panels/panel.ts";
import { network } from "./panels/network.ts";
import { overview } from "./panels/overview.ts";
import { processes } from "./panels/processes.ts";
import { scheduler } from "./panels/scheduler.ts";
import { syscalls } from "./panels/syscalls.ts";
import { tour } from "./panels/tour.ts";
import { startTheme } from "./base/theme.ts";
import { experiments } from "./tour/tour.ts";

startTheme();
const live = new Live();
Poller.still = () => live.over;
new App(live, [
	overview(), syscalls(), memory(), scheduler(), interrupts(), block(), network(),
	processes(), events(live), follow(live), caches(), files(),
	...(experiments.length ? [tour(live)] : []),
]).start();
live.start();
