import type { Controller } from "../controller.js";

/** What asking needs of the controller. */
export type AskingController = Pick<Controller, "store" | "profiles" | "host" | "notice">;
