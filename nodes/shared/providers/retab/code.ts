export { retabAccess as access } from './credential';
export { retabDelivery as delivery, retabFileLink as fileLink } from './documents';
