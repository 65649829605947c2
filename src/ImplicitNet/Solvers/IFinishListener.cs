namespace ImplicitNet.Solvers;

/// <summary>An iteration to which it matters which samples are finished while they still are in the batch.</summary>
internal interface IFinishListener
{
    /// <summary>These samples are finished, at the iterate that the last step measured.</summary>
    /// <param name="positions">Their positions in the batch as it is now.</param>
    /// <param name="samples">Their positions in the original batch.</param>
    void Finish(IReadOnlyList<int> positions, IReadOnlyList<int> samples);

    /// <summary>What was learned of the inverses, when that was asked for. The caller owns it.</summary>
    LowRankInverse? TakeInverse();
}
