// The button that shows a passkey, on the pages of the entrance and on the layer over a locked page.
export const wire = (root) => {
  const button = root.querySelector("[data-passkey]");
  if (!button) { return; }
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) { button.hidden = true; return; }
  button.addEventListener("click", async () => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(button.dataset.passkey));
    const shown = await navigator.credentials.get({ publicKey }).catch(() => null);
    if (!shown) { return; }
    const fields = button.form.elements;
    fields.passkey.value = JSON.stringify(shown.toJSON());
    fields.code.required = false;
    button.form.requestSubmit();
  });
};
