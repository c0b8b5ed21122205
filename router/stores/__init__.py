"""Where journals live: each module one store behind ``router.ports.Store``. Import the one you use: drivers load with it only."""
