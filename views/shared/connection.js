// Says so when the server cannot be reached; htmx goes on asking by itself.
const tell = (state) => {
  if (document.body.dataset.connection !== state) document.body.dataset.connection = state
}
for (const lost of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(lost, () => tell("lost"))
document.addEventListener("htmx:afterOnLoad", () => tell("here"))
