namespace ImplicitNet.Training;

/// <summary>The folder in which a training run keeps its files, and their names.</summary>
public sealed class RunFolder
{
    /// <summary>Uses a folder, which is created if it does not exist.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">The folder cannot be created or written to; the message names it.</exception>
    public RunFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = System.IO.Path.GetFullPath(path);
        string probe = System.IO.Path.Combine(Path, $".write-test-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(Path);
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{Path}: the output folder cannot be written to ({exception.Message.TrimEnd('.')}).", exception);
        }
    }

    /// <summary>The folder, absolute.</summary>
    public string Path { get; }

    /// <summary>The checkpoint, with everything needed to resume: weights, optimiser, random state, position.</summary>
    public string Checkpoint => At("checkpoint.safetensors");

    /// <summary>The weights chosen on validation.</summary>
    public string Model => At("model.safetensors");

    /// <summary>What the network is: architecture, sizes, tolerance and step limit, normalisation.</summary>
    public string Config => At("config.json");

    /// <summary>The history: one JSON object per line.</summary>
    public string History => At("history.jsonl");

    /// <summary>The folder of the TensorBoard events.</summary>
    public string TensorBoard => At("tensorboard");

    /// <summary>The report, a self-contained page.</summary>
    public string Report => At("report.html");

    /// <summary>The path of another file in the folder.</summary>
    public string At(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A run that is there is not written over.</summary>
    /// <param name="steps">Made so far: 0 where none was resumed.</param>
    /// <exception cref="InvalidOperationException">There is one, and it was not resumed.</exception>
    internal void EnsureGoneOnWith(long steps)
    {
        if (steps == 0 && File.Exists(Checkpoint))
        {
            throw new InvalidOperationException($"{Path} holds a run already: {nameof(Trainer.Resume)} it, or take another folder.");
        }
    }
}
