// Sending and copying, for the page about the API. Answers are put in as text, never as markup; a token is read
// from its field when it is sent, and kept nowhere.
"use strict";

const access = document.getElementById("access");
const words = access.dataset;
access.hidden = false;
access.addEventListener("submit", (event) => event.preventDefault());

for (const lines of document.querySelectorAll("pre.curl")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = words.copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(lines.textContent);
    button.textContent = words.copied;
    setTimeout(() => { button.textContent = words.copy; }, 2000);
  });
  if (navigator.clipboard) lines.after(button);
}

for (const form of document.querySelectorAll("form.try")) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const shown = form.querySelector("pre");
    shown.hidden = false;
    shown.textContent = words.sending;
    let request;
    try {
      request = requestOf(form);
    } catch {
      // A typographic quote, say: the browser refuses to put it into a header.
      shown.textContent = words.unsendable;
      return;
    }
    try {
      const answer = await fetch(addressOf(form), request);
      shown.textContent = `${answer.status} ${answer.statusText}\n\n${readable(await answer.text())}`;
    } catch {
      shown.textContent = words.failed;
    }
  });
}

function inputs(form, place) {
  return [...form.querySelectorAll("input")].filter((one) => one.dataset.place === place && one.value !== "");
}

function addressOf(form) {
  let path = form.dataset.path;
  for (const one of inputs(form, "path")) {
    path = path.replace(`{${one.name}}`, encodeURIComponent(one.value));
  }
  const asked = new URLSearchParams(inputs(form, "query").map((one) => [one.name, one.value]));
  return asked.size ? `${path}?${asked}` : path;
}

function requestOf(form) {
  const headers = new Headers(inputs(form, "header").map((one) => [one.name, one.value]));
  headers.set("accept-language", document.documentElement.lang);
  const token = document.getElementById("token").value.trim().replace(/^Bearer\s+/i, "");
  if (form.dataset.token && token) headers.set("authorization", `Bearer ${token}`);
  const request = { method: form.dataset.method, headers, credentials: "omit", redirect: "error" };
  const media = form.dataset.media;
  if (media) {
    const text = form.querySelector("textarea").value;
    headers.set("content-type", media);
    request.body = media === "application/json" ? text : formOf(text);
  }
  return request;
}

function formOf(text) {
  const lines = text.split("\n").filter((line) => line.includes("="));
  return new URLSearchParams(lines.map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)];
  })).toString();
}

function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
