// SPDX-License-Identifier: GPL-2.0-only
// page.ts - what a page and a tab of the service's dashboard are

import type { Api, Scope, Who } from "./api.ts";
import type { Service } from "./state.ts";

export interface Context {
	api: Api;
	service: Service;
	who: Who;
	may(scope: Scope): boolean;
}

export interface Page {
	id: string;
	label: string;
	element: HTMLElement;
	/** It came into sight; @rest: of the address, behind its name. */
	show?(rest: string[]): void;
	hide?(): void;
	/** Something is new; only while in sight. */
	update?(): void;
}

/** Part of a sandbox's page. It is made when it is first looked at, and is over with the sandbox's page. */
export interface Tab {
	element: HTMLElement;
	show?(): void;
	hide?(): void;
	update?(): void;
	/** The page leaves this sandbox. */
	end?(): void;
}
