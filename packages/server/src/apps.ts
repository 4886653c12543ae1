export { createApp, newCredential } from './auth/app-accounts.ts'
export { appSettingsTable, changeAppSettings } from './settings/app-settings.ts'
