namespace ImplicitNet.Training.Data;

/// <summary>The two parts in which a data set is published.</summary>
/// <param name="Train">The training part, before anything is held out of it.</param>
/// <param name="Test">The test part.</param>
public sealed record TrainTest(ImageDataset Train, ImageDataset Test)
{
    /// <summary>
    /// What differs from the data set as published, such as images that are missing, one sentence each; usually there are none.
    /// </summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
