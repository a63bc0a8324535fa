/**
 * The operations of DynamoDB that the store needs, in the words of its document client: `DynamoDBDocument` of
 * `@aws-sdk/lib-dynamodb` has methods of these names with these inputs, and more.
 */

/** A value as the document client carries it. */
export type Attribute = string | number | Uint8Array;

export type Item = Readonly<Record<string, Attribute>>;

/** The primary key of every item: which partition, and where in it. */
export type ItemKey = { readonly pk: string; readonly sk: string };

interface Condition {
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeValues?: Item;
}

/** One action of a transaction; no two may name the same item. */
export interface TransactAction {
  readonly Put?: Condition & { readonly TableName: string; readonly Item: Item };
  readonly Delete?: Condition & { readonly TableName: string; readonly Key: ItemKey };
  readonly ConditionCheck?: Condition & { readonly TableName: string; readonly Key: ItemKey };
}

export interface UpdateInput extends Condition {
  readonly TableName: string;
  readonly Key: ItemKey;
  /** `SET name = :value, …` */
  readonly UpdateExpression: string;
}

export interface QueryInput {
  readonly TableName: string;
  readonly KeyConditionExpression: 'pk = :pk';
  readonly ExpressionAttributeValues: { readonly ':pk': string };
  readonly Limit: number;
  readonly ConsistentRead?: boolean;
  readonly ExclusiveStartKey?: ItemKey;
}

/** What the store calls. Give it a real document client, or the model of this example. */
export interface DynamoClient {
  /** All conditions hold and all actions apply, or none. @throws TransactionCanceledException with reasons */
  transactWrite(input: {
    readonly TransactItems: readonly TransactAction[];
    readonly ClientRequestToken?: string;
  }): Promise<unknown>;
  /** Items of one instant, in the order asked. @throws TransactionCanceledException */
  transactGet(input: {
    readonly TransactItems: readonly { readonly Get: { readonly TableName: string; readonly Key: ItemKey } }[];
  }): Promise<{ readonly Responses?: readonly { readonly Item?: Item }[] }>;
  get(input: {
    readonly TableName: string;
    readonly Key: ItemKey;
    readonly ConsistentRead?: boolean;
  }): Promise<{ readonly Item?: Item }>;
  /** @throws ConditionalCheckFailedException */
  update(input: UpdateInput): Promise<unknown>;
  query(input: QueryInput): Promise<{ readonly Items?: readonly Item[]; readonly LastEvaluatedKey?: ItemKey }>;
}

/** What an error of the service tells, as far as the store looks. */
export interface ServiceError {
  readonly name: string;
  /** One per action, of a TransactionCanceledException. */
  readonly CancellationReasons?: readonly { readonly Code: string }[];
  /** How many times the SDK sent the request before it gave up. */
  readonly $metadata?: { readonly attempts?: number };
}
