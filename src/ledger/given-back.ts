/** Thrown within the engine when a claim was given back before its body began; the loop judges anew. */
export class GivenBack extends Error {}
