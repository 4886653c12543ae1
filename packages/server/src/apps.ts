export { createApp, newCredential } from './auth/app-accounts.ts'
export { appSettingsTable, changeAppSettings, readAppSettings } from './settings/app-settings.ts'
