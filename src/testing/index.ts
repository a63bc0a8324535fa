/** For tests: of your own tools, and of stores of your own. */
export { failAt, testStore, type FailAtOptions, type TestStore } from './test-store.js';
export { manualClock, type Cancel, type ManualClock } from './manual-clock.js';
export { FAULT_POINTS, WorkerLostError, onFaultPoint, type FaultContext, type FaultPoint } from '../ledger/fault-points.js';
export {
  runConformanceCase,
  runStoreConformance,
  storeConformance,
  type ConformanceCase,
  type ConformanceContext,
  type ConformanceOptions,
  type ConformanceResult,
  type StoreFactory,
  type StoreUnderTest,
} from './conformance.js';
export {
  simulatedFaults,
  simulatedStore,
  type SimulatedEvent,
  type SimulatedFault,
  type SimulatedStore,
  type SimulatedStoreOptions,
} from './simulated-store.js';
export { setUpEngine, type EngineOptions } from '../ledger/engine.js';
