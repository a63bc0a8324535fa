/** For tests: of your own tools, and of stores of your own. */

export { type EngineOptions, setUpEngine } from '../ledger/engine.js';
export {
  FAULT_POINTS,
  type FaultContext,
  type FaultPoint,
  onFaultPoint,
  WorkerLostError,
} from '../ledger/fault-points.js';
export {
  type ConformanceCase,
  type ConformanceContext,
  type ConformanceOptions,
  type ConformanceResult,
  runConformanceCase,
  runStoreConformance,
  type StoreFactory,
  type StoreUnderTest,
  storeConformance,
} from './conformance.js';
export { type Cancel, type ManualClock, manualClock } from './manual-clock.js';
export {
  type SimulatedEvent,
  type SimulatedFault,
  type SimulatedStore,
  type SimulatedStoreOptions,
  simulatedFaults,
  simulatedStore,
} from './simulated-store.js';
export { type FailAtOptions, failAt, type TestStore, testStore } from './test-store.js';
