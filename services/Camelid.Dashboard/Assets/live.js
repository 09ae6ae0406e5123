// Keeps a page live: panels that the server renders again replace the old ones, and times tell how long ago they were.
const connection = document.getElementById("connection");

function ago(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

function tellTimes() {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const text = ago(Date.now() - Date.parse(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
  }
}

// A person who tabs through a table keeps their place when the table is rendered again.
function replace(element, html) {
  const focused = element.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  element.innerHTML = html;
  if (focused) element.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function connect(address) {
  const source = new EventSource(address);
  source.addEventListener("panel", (message) => {
    const { id, html } = JSON.parse(message.data);
    const element = document.getElementById(id);
    if (element) replace(element, html);
    tellTimes();
  });
  source.addEventListener("open", () => {
    document.body.classList.remove("cut");
    connection.textContent = "";
  });
  source.addEventListener("error", () => {
    document.body.classList.add("cut");
    connection.textContent = "Connection lost: these numbers are stale. Trying again…";
    if (source.readyState === EventSource.CLOSED) setTimeout(() => connect(address), 3000);
  });
}

tellTimes();
setInterval(tellTimes, 1000);
if (document.body.dataset.live) connect(document.body.dataset.live);
