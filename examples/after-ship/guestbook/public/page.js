const form = document.querySelector("form");
const list = document.querySelector("ul");
const trouble = document.querySelector("#trouble");

async function ask(method, body) {
  const response = await fetch("/entries", { method, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function show({ by, text }) {
  const item = document.createElement("li");
  item.textContent = `${by}: ${text}`;
  list.append(item);
}

function complain(error) {
  trouble.innerHTML = '<p role="alert"></p>';
  trouble.firstChild.textContent = `Sorry, ${error.message}.`;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  trouble.replaceChildren();
  try {
    show(await ask("POST", { name: form.elements.name.value, text: form.elements.text.value }));
    form.reset();
  } catch (error) {
    complain(error);
  }
});

ask("GET").then(({ entries }) => entries.forEach(show), complain);
