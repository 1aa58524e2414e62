/** Users with passwords in one account, as config files of before have them; on servers of somebody else they may still be in use. */
import type { Credentials } from "./login.ts";
import { type Permissions, sharedExecutorPermissions, sharedReaderPermissions } from "./permissions.ts";

interface PasswordUser {
  user: string;
  password: string;
  permissions: Permissions | null;
}

export function passwordUsers(credentials: Credentials): string {
  return `authorization {
  timeout: 5
  users: [
${usersOf(credentials).map(userText).join("\n")}
  ]
}
`;
}

function usersOf({ master, admin, readonly, executors }: Credentials): PasswordUser[] {
  return [
    { ...master, permissions: null },
    { ...admin, permissions: null },
    { ...readonly, permissions: sharedReaderPermissions() },
    ...Object.entries(executors).map(([name, { user, password, pools }]) => ({
      ...{ user, password },
      permissions: sharedExecutorPermissions(name, pools),
    })),
  ];
}

function userText({ user, password, permissions }: PasswordUser): string {
  const rights = permissions ? `, permissions: ${permissionsText(permissions)}` : "";
  return `    { user: ${JSON.stringify(user)}, password: ${JSON.stringify(password)}${rights} }`;
}

function permissionsText({ publish, subscribe, responses }: Permissions): string {
  const list = (items: string[]) => `[${items.map((item) => JSON.stringify(item)).join(", ")}]`;
  const side = (rule: { allow: string[]; deny?: string[] }) =>
    `{ allow: ${list(rule.allow)}${rule.deny ? `, deny: ${list(rule.deny)}` : ""} }`;
  const answers = responses ? `, allow_responses: { max: ${responses.max}, expires: "${responses.expiresMs}ms" }` : "";
  return `{ publish: ${side(publish)}, subscribe: ${side(subscribe)}${answers} }`;
}
