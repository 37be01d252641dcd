// Who is signed in: the token of this tab, and what the server says that it may do.
import { ApiError, get } from "./api";

export type Permission = "read" | "act" | "rules" | "listen" | "calls" | "erase" | "configure";

export interface Me {
  name: string | null;
  role: "viewer" | "supervisor" | "engineer";
  signed_in: boolean;
  permissions: Permission[];
}

const ALL: Permission[] = ["read", "act", "rules", "calls", "erase", "configure"];

class Session {
  /** Whether the server wants a token that it has not been given. */
  refused: boolean = $state(false);
  /** How often somebody signed in: a page that was refused before asks again. */
  entries = $state(0);
  me: Me = $state.raw({ name: null, role: "engineer", signed_in: false, permissions: ALL });

  may(permission: Permission): boolean {
    return this.me.permissions.includes(permission);
  }

  /** The name under which a person acts: as signed in, else as typed in once on this machine. */
  get name(): string {
    return this.me.name ?? this.typed;
  }

  typed: string = $state(localStorage.getItem("name") ?? "");

  call(name: string): void {
    this.typed = name.trim();
    localStorage.setItem("name", this.typed);
  }

  async read(): Promise<void> {
    try {
      this.me = await get<Me>("/me");
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }
}

export const session = new Session();
