/** The engine with everything it needs: loaded with the first call, not with the package. */
export type EngineModule = typeof import('./engine-module.js');

const loaded: { module: EngineModule | undefined } = { module: undefined };

/** Gives the engine that was loaded otherwise, so that not even the first call awaits it. */
export function provideEngine(module: EngineModule): void {
  loaded.module ??= module;
}

/** The engine if it is there already, so that calls after the first await nothing for it. */
export function loadedEngine(): EngineModule | undefined {
  return loaded.module;
}

export async function loadEngine(): Promise<EngineModule> {
  loaded.module ??= await import('./engine-module.js');
  return loaded.module;
}
