# The relay; the alerter and the page by another command: python alerter.py, python board.py.
FROM python:3.14-slim
WORKDIR /app
ENV PYTHONPATH=/app
COPY requirements/deploy.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/deploy.txt
COPY relay.py alerter.py channels.py board.py settings.py ./
COPY db db
COPY page page
USER nobody
CMD ["python", "relay.py"]
