/** The pattern of text that PostgreSQL can hold: anything but NUL. */
export const storable = '^[^\\u0000]*$'
