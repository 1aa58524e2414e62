/** A new net that begins as this one was at a moment. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { addressOf, go } from "../address.ts";
import { call } from "../session.ts";

export function Fork({ net, moment }: { net: string; moment: number }) {
  const client = useQueryClient();
  const fork = useMutation({
    mutationFn: () => call<{ net: string }>(`/api/nets/${net}/fork`, { method: "POST", body: { at: String(moment) } }),
    onSuccess: async (answer) => {
      await client.invalidateQueries();
      go(addressOf(answer.net, "net"));
    },
  });
  return (
    <p>
      <button type="button" disabled={fork.isPending} onClick={() => fork.mutate()}>
        Fork from here
      </button>{" "}
      <span className="quiet">makes {`${net}-at-${moment}`}, a net of its own; effects are real there too.</span>
      {fork.error && (
        <span role="alert" className="bad">
          {fork.error.message}
        </span>
      )}
    </p>
  );
}
