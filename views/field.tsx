/** One labelled field of a form, with what is wrong with it in words. */

export type Errors = Readonly<Record<string, string>>;
export type Values = Readonly<Record<string, string>>;

/** What a form that comes back to be mended brings with it; an error named `form` concerns the whole. */
export interface FormState {
  values?: Values | undefined;
  errors?: Errors | undefined;
}

interface FieldProps extends FormState {
  label: string;
  name: string;
  type?: "text" | "email" | "password" | "number" | undefined;
  hint?: string | undefined;
  autocomplete?: string | undefined;
  max?: number | undefined;
  min?: number | undefined;
  optional?: boolean | undefined;
}

export function Field(props: FieldProps) {
  const { label, name, type = "text", hint, autocomplete, max, min, optional } = props;
  const error = props.errors?.[name];
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input
        id={name}
        name={name}
        type={type}
        value={type === "password" ? undefined : props.values?.[name]}
        autocomplete={autocomplete}
        required={!optional}
        maxlength={type === "number" ? undefined : max}
        max={type === "number" ? max : undefined}
        minlength={type === "number" ? undefined : min}
        min={type === "number" ? min : undefined}
        aria-invalid={error ? "true" : undefined}
        aria-describedby={error || hint ? `${name}-note` : undefined}
      />
      <Note name={name} error={error} hint={hint} />
    </div>
  );
}

function Note({ name, error, hint }: {
  name: string;
  error: string | undefined;
  hint: string | undefined;
}) {
  if (error) return <p class="error" id={`${name}-note`}>{error}</p>;
  return hint && <p class="hint" id={`${name}-note`}>{hint}</p>;
}

/** What is wrong with the form as a whole. */
export function FormError({ errors }: { errors?: Errors | undefined }) {
  return errors?.form && <p class="error box" role="alert">{errors.form}</p>;
}

export function Next({ next }: { next?: string | undefined }) {
  return next && <input type="hidden" name="next" value={next} />;
}
