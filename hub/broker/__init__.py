"""The broker between devices and hub: our own, or a mosquitto that is told who may come in."""
