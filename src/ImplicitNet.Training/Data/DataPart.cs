namespace ImplicitNet.Training.Data;

/// <summary>What samples are used for. Generated samples of two parts share no random number, and so no sample except by chance.</summary>
public enum DataPart
{
    /// <summary>Samples to train on.</summary>
    Training,

    /// <summary>Samples to choose by: the best epoch, or when to stop.</summary>
    Validation,

    /// <summary>Samples to measure on once, at the end.</summary>
    Test,
}
