namespace ImplicitNet.Training.Data;

/// <summary>What samples are for. Generated samples of two parts share no random number, and so no sample but by chance.</summary>
public enum DataPart
{
    /// <summary>To train on.</summary>
    Training,

    /// <summary>To choose by: the best epoch, or when to stop.</summary>
    Validation,

    /// <summary>To measure on once, in the end.</summary>
    Test,
}
