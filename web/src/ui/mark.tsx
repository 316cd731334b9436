// The sign of the product: an iris that has not closed.
export function Mark({ size = 22 }: { readonly size?: number }) {
  return (
    <svg
      aria-hidden
      viewBox="0 0 32 32"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth="3"
      strokeLinecap="round"
      className="text-accent"
    >
      <path d="M27.5 11.5A12.4 12.4 0 1 0 28.4 16" />
      <circle cx="16" cy="16" r="4.5" />
    </svg>
  )
}
