// The entry of a package made with the test runtime: fills in what its Node lacks, here and in the core, then the app.
'use strict'
require('./globals.cjs')
const path = require('node:path')
const { utilityProcess } = require('electron')

const fork = utilityProcess.fork.bind(utilityProcess)
const wrapper = path.join(__dirname, 'utility.cjs')
utilityProcess.fork = (modulePath, args = [], options) => fork(wrapper, [modulePath, ...args], options)

require('../../dist/electron/main.cjs')
