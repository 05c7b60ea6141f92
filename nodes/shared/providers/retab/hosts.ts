export const RETAB_HOST = 'https://api.retab.com';
