export { extendAccess as access } from './credential';
export { extendDelivery as delivery } from './documents';
