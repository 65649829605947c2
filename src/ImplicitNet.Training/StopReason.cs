namespace ImplicitNet.Training;

/// <summary>Why a training run ended.</summary>
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

    /// <summary>The run was cancelled, and can be resumed.</summary>
    Cancelled,
}
