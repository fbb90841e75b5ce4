// SPDX-License-Identifier: GPL-2.0-only
// main.ts - the start page leads to the reference

import "../style/style.css";

location.replace("/docs");
