/** Turns stored texts into something unreadable without the key, and back. */
export interface Encryption<Context = EncryptionContext> {
  /** @param context - the record the text belongs to; bind it as associated data. */
  encrypt(text: string, context: Context): string | PromiseLike<string>;
  decrypt(text: string, context: Context): string | PromiseLike<string>;
}

/** What a ciphertext belongs to. */
export interface EncryptionContext {
  readonly tool: string;
  readonly id: string;
  readonly field: 'input' | 'result';
}
