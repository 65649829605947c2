namespace ImplicitNet.Training.Data;

/// <summary>The two parts in which a data set is published.</summary>
/// <param name="Train">The training part, before anything is held out of it.</param>
/// <param name="Test">The test part.</param>
public sealed record TrainTest(ImageDataset Train, ImageDataset Test);
