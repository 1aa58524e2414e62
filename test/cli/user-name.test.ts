import { userInfo } from "node:os";
import { expect, test } from "vitest";
import { userName } from "../../src/cli/user-name.ts";

test("a user has the machine's name for it, and one without a name its number", () => {
  expect(userName()).toBe(userInfo().username);
  const nobody = () => {
    throw new Error("uv_os_get_passwd returned ENOENT");
  };
  expect(userName(nobody, 1234)).toBe("uid-1234");
  expect(userName(nobody, undefined)).toMatch(/^(uid-\d+|unknown)$/);
});
