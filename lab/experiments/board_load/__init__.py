"""The wallboard under load: a service with so many synthetic live calls, and the real page in a real browser.

python -m lab.experiments.board_load [--calls 200 500] [--seconds 30]     frames a second, processor of browser and service
python -m lab.experiments.board_load.crowd --calls 200 [--port 8790]      the service alone, to look at
"""
