/** An error at the top of a form; a screen reader hears it at once. */
export const FormError = ({ text }: { text?: string }) =>
  text === undefined ? null : (
    <p class="error" role="alert">
      {text}
    </p>
  )
