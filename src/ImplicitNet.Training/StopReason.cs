namespace ImplicitNet.Training;

/// <summary>Why a training ended.</summary>
public enum StopReason
{
    /// <summary>All epochs were trained.</summary>
    Epochs,

    /// <summary>No epoch was better for as long as <see cref="EarlyStopping.Patience"/> allows.</summary>
    Patience,

    /// <summary>The time of <see cref="EarlyStopping.After"/> was over.</summary>
    Time,

    /// <summary><see cref="Trainer.Stop"/> was called.</summary>
    Asked,

    /// <summary>It was cancelled, and can be gone on with.</summary>
    Cancelled,
}
