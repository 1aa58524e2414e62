/** The monitor: one page that shows a running organisation, through the public API alone. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import "@xyflow/react/dist/base.css";
import "./style.css";
import { ApiError, takeKeyFromAddress } from "./session.ts";

takeKeyFromAddress();
const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1000,
      retry: (count, error) => !(error instanceof ApiError && error.status < 500) && count < 5,
      refetchOnWindowFocus: false,
    },
  },
});
const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
