"""Reading the streams of model servers: Jobcast's backends beside what people use instead."""
