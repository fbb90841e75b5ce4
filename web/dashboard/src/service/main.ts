// SPDX-License-Identifier: GPL-2.0-only
// main.ts - the service's dashboard begins

import "./service.css";
import { startTheme } from "../base/theme.ts";
import { App } from "./app.ts";

startTheme();
new App().start();
