from agents import JobContext, agent


@agent("haiku", description="Writes a haiku.")
async def haiku(job: JobContext) -> None:
    async for _ in job.stream(f"A haiku about {job.input['prompt']}."):
        pass
