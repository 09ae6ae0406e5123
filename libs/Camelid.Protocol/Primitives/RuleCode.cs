namespace Camelid.Protocol;

/// <summary>The verdict of a rule. Zero is no verdict at all, so that a forgotten one accepts nothing.</summary>
/// <remarks>Numbers and names are stable: they travel in messages and stand in logs. New ones are appended.</remarks>
public enum RuleCode
{
    /// <summary>No rule was asked.</summary>
    Unset = 0,

    /// <summary>Every rule that was asked says yes.</summary>
    Accepted = 1,

    /// <summary>A transaction has no input.</summary>
    TransactionWithoutInputs = 10,

    /// <summary>A transaction has no output.</summary>
    TransactionWithoutOutputs = 11,

    /// <summary>A transaction is larger than <c>Transaction.BytesMax</c>.</summary>
    TransactionTooLarge = 12,

    /// <summary>The outputs of a transaction sum to more than all coin.</summary>
    OutputsAboveSupply = 13,

    /// <summary>A transaction names one outpoint twice.</summary>
    DuplicateInput = 14,

    /// <summary>An ordinary transaction has the empty outpoint of a coinbase.</summary>
    EmptyOutPoint = 15,

    /// <summary>A transaction is version 0 or negative.</summary>
    TransactionVersion = 16,

    /// <summary>A spent output does not exist, or is spent already.</summary>
    MissingInput = 20,

    /// <summary>A coinbase output is spent before it is mature.</summary>
    CoinbaseImmature = 21,

    /// <summary>The outputs are worth more than the inputs.</summary>
    OutputsAboveInputs = 22,

    /// <summary>The lock time has not passed.</summary>
    NotFinal = 23,

    /// <summary>A relative lock time has not passed.</summary>
    RelativeLockNotPassed = 24,

    /// <summary>A relative lock time counts seconds; only blocks are known here.</summary>
    RelativeLockInSeconds = 25,

    /// <summary>A coinbase stands outside a block.</summary>
    CoinbaseOutsideBlock = 26,

    /// <summary>An output that a transaction makes exists already.</summary>
    OutputExists = 27,

    /// <summary>A block has no transaction.</summary>
    BlockWithoutTransactions = 40,

    /// <summary>A block is larger than <c>Block.BytesMax</c>.</summary>
    BlockTooLarge = 41,

    /// <summary>The first transaction of a block is not a coinbase.</summary>
    FirstNotCoinbase = 42,

    /// <summary>A block has a second coinbase.</summary>
    SecondCoinbase = 43,

    /// <summary>The Merkle root of the header is not that of the transactions.</summary>
    MerkleRootMismatch = 44,

    /// <summary>The transactions are a mutation with the same Merkle root (CVE-2012-2459).</summary>
    MerkleTreeMutated = 45,

    /// <summary>A block has too many signature operations.</summary>
    TooManySignatureOperations = 46,

    /// <summary>The header's hash is above its target.</summary>
    ProofOfWorkTooLow = 47,

    /// <summary>The header's bits are not those that the network demands.</summary>
    WrongBits = 48,

    /// <summary>The header's time is not later than the median of the last eleven.</summary>
    BlockTimeTooEarly = 49,

    /// <summary>The block does not follow the tip that it is connected to.</summary>
    WrongPreviousBlock = 50,

    /// <summary>The coinbase claims more than subsidy and fees.</summary>
    CoinbaseClaimsTooMuch = 51,

    /// <summary>The coinbase does not begin with the height and the magic of the network.</summary>
    CoinbaseHeightOrNetwork = 52,

    /// <summary>The script of a coinbase input is too short or too long.</summary>
    CoinbaseScriptBytes = 53,

    /// <summary>A coinbase carries a job id.</summary>
    CoinbaseWithJob = 54,

    /// <summary>The header's time is too far ahead: the block is held, not refused for good.</summary>
    BlockTimeTooLate = 55,

    /// <summary>A script ended with false or with nothing.</summary>
    ScriptFalse = 70,

    /// <summary>An opcode without a meaning ran.</summary>
    ScriptUnknownOpcode = 71,

    /// <summary>A push reaches past the end of the script.</summary>
    ScriptTruncatedPush = 72,

    /// <summary>A push or a number is not in its shortest form.</summary>
    ScriptNotMinimal = 73,

    /// <summary>A script, an element, the stack or the count of operations is above its limit.</summary>
    ScriptLimit = 74,

    /// <summary>An operation needs more elements than the stack has.</summary>
    ScriptStackEmpty = 75,

    /// <summary>IF, ELSE and ENDIF do not match.</summary>
    ScriptUnbalancedIf = 76,

    /// <summary>The selector of an IF is neither empty nor 0x01.</summary>
    ScriptSelectorNotMinimal = 77,

    /// <summary>EQUALVERIFY, VERIFY or CHECKSIGVERIFY met false.</summary>
    ScriptVerifyFailed = 78,

    /// <summary>More than one element is left.</summary>
    ScriptStackNotClean = 79,

    /// <summary>The unlocking script does more than push.</summary>
    ScriptNotPushOnly = 80,

    /// <summary>A public key is not compressed.</summary>
    ScriptPublicKey = 81,

    /// <summary>A signature has an unknown hash type.</summary>
    ScriptHashType = 82,

    /// <summary>A signature that is not empty does not hold (NULLFAIL).</summary>
    ScriptSignature = 83,

    /// <summary>SIGHASH_SINGLE names an output that is not there.</summary>
    ScriptSingleOutOfRange = 84,

    /// <summary>
    /// CHECKLOCKTIMEVERIFY: negative, of the other kind, later than the lock time, or the input is final.
    /// </summary>
    ScriptLockTime = 85,

    /// <summary>CHECKSEQUENCEVERIFY: negative, of the other kind, or later than the sequence.</summary>
    ScriptSequence = 86,

    /// <summary>A script number is longer than allowed.</summary>
    ScriptNumber = 87,

    /// <summary>CHECKJOB: the transaction names no job.</summary>
    JobWithoutId = 100,

    /// <summary>CHECKJOB: not exactly one input.</summary>
    JobInputs = 101,

    /// <summary>CHECKJOB: the lock time is not a time.</summary>
    JobLockTimeKind = 102,

    /// <summary>CHECKJOB: the sequence is not 0xfffffffe.</summary>
    JobSequence = 103,

    /// <summary>CHECKJOB: a signature does not sign everything (SIGHASH_ALL).</summary>
    JobHashType = 104,

    /// <summary>CHECKJOB: the block is older than the lock time.</summary>
    JobTooEarly = 105,

    /// <summary>CHECKJOB: the deposit was not mined in an earlier block.</summary>
    JobDepositUnconfirmed = 106,

    /// <summary>CHECKJOB: an output is neither a payment nor the deposit again.</summary>
    JobOutput = 107,

    /// <summary>CHECKJOB: the payments are more than half of the deposit.</summary>
    JobPaymentAboveHalf = 108,

    /// <summary>CHECKJOB: the fee is above the network's cap.</summary>
    JobFee = 109,

    /// <summary>CHECKJOB: a payment can be refunded sooner than 36 windows after the lock time.</summary>
    JobRefundTooEarly = 110,

    /// <summary>CHECKVERDICT: chain state has no final verdict that lets this transaction take the stake.</summary>
    NoVerdict = 111,

    /// <summary>CHECKJOB ran, and no signature did.</summary>
    JobUnsigned = 112,

    /// <summary>The block was refused before, or an operator has set it aside.</summary>
    BlockRefusedBefore = 120,

    /// <summary>The block builds on one that was refused.</summary>
    ParentRefused = 121,

    /// <summary>The first block can't be set aside.</summary>
    GenesisStays = 122,

    /// <summary>No such block is known.</summary>
    BlockUnknown = 123,

    /// <summary>A disabled opcode, run or not.</summary>
    ScriptDisabledOpcode = 200,

    /// <summary>RETURN ran.</summary>
    ScriptReturn = 201,

    /// <summary>A signature is not strict DER.</summary>
    ScriptSignatureForm = 202,

    /// <summary>A signature has a high S.</summary>
    ScriptSignatureHighS = 203,

    /// <summary>CHECKMULTISIG: the element that it takes too many is not empty.</summary>
    ScriptDummyNotEmpty = 204,

    /// <summary>CHECKMULTISIG: the count of signatures is negative or above that of the keys.</summary>
    ScriptSignatureCount = 205,

    /// <summary>CHECKMULTISIG: the count of keys is negative or above 20.</summary>
    ScriptKeyCount = 206,

    /// <summary>FROMALTSTACK found nothing.</summary>
    ScriptAltStackEmpty = 207,

    /// <summary>CODESEPARATOR, run or not.</summary>
    ScriptCodeSeparator = 208,

    /// <summary>A script holds a signature that is to sign it.</summary>
    ScriptHoldsSignature = 209,

    /// <summary>The block is good, and the disk took it not: it does not count, and may come again.</summary>
    BlockNotStored = 230,

    /// <summary>A block or its undo data can't be read from the disk any more.</summary>
    BlockDataMissing = 231,

    /// <summary>A waiting transaction spends the same output, and this one may not replace it.</summary>
    Conflict = 240,

    /// <summary>It spends a deposit on which another job is open.</summary>
    DepositInUse = 241,

    /// <summary>It spends an output of a job transaction that is in no block yet.</summary>
    SpendsUnconfirmedJob = 242,

    /// <summary>Its form is none that nodes pass on: a version, an output, a script that is spent.</summary>
    NotStandard = 243,

    /// <summary>The mempool has no room for what it pays.</summary>
    MempoolFull = 244,

    /// <summary>Its lock time is too far ahead to wait for.</summary>
    LockTimeTooFar = 245,

    /// <summary>It pays less than the mempool asks now, or a replacement less than it must add.</summary>
    FeeTooLow = 246,

    /// <summary>A payment's lock time is not created + W of a job that this node knows.</summary>
    JobLockTime = 247,

    /// <summary>An output holds less than it will cost to spend it.</summary>
    OutputDust = 248,

    /// <summary>Too many transactions, or too many bytes, would hang together unconfirmed.</summary>
    UnconfirmedChainTooLong = 249,

    /// <summary>A replacement would throw out too many transactions.</summary>
    ReplacesTooMany = 250,

    /// <summary>A replacement spends an unconfirmed output that what it replaces did not spend.</summary>
    ReplacementAddsUnconfirmed = 251,

    /// <summary>A replacement spends an output of what it replaces.</summary>
    ReplacementSpendsReplaced = 252,

    /// <summary>A transaction that can't be mined yet would replace one that could.</summary>
    ReplacementWaits = 253,

    /// <summary>A block of the active chain holds it already.</summary>
    AlreadyInChain = 254,

    /// <summary>A transaction has, or makes run, more signature operations than nodes pass on.</summary>
    TransactionSignatureOperations = 255,

    /// <summary>A frame begins with another magic than the network's.</summary>
    PeerMagic = 260,

    /// <summary>The command of a frame is not lower-case letters and digits, padded with zeros.</summary>
    PeerCommandForm = 261,

    /// <summary>A frame announces more bytes than its command may have, or fewer than an envelope has.</summary>
    PeerFrameBytes = 262,

    /// <summary>The checksum of a frame is not that of its bytes.</summary>
    PeerChecksum = 263,

    /// <summary>An envelope names no sender, or hops out of their bounds.</summary>
    PeerEnvelopeForm = 264,

    /// <summary>A command that this version does not know; its frame is passed over.</summary>
    PeerUnknownCommand = 265,

    /// <summary>The payload of a message is not what its encoder would write.</summary>
    PeerMessageForm = 266,

    /// <summary>A message between neighbours names another sender or receiver than the two, or more hops.</summary>
    PeerWrongAddressee = 267,

    /// <summary>The peer is on another network: its genesis is another.</summary>
    PeerOtherNetwork = 268,

    /// <summary>The peer is this node itself.</summary>
    PeerIsSelf = 269,

    /// <summary>The peer's protocol version is older than what is spoken here.</summary>
    PeerVersionTooOld = 270,

    /// <summary>The peer's node key is no key, or it did not sign this connection.</summary>
    PeerKeyUnproved = 271,

    /// <summary>A relayed message is not addressed to one other node by a sender who names its own key.</summary>
    RelayForm = 272,

    /// <summary>A relayed message was seen before.</summary>
    RelaySeen = 273,

    /// <summary>A relayed message is older or newer than the relay window.</summary>
    RelayTime = 274,

    /// <summary>A relayed message is not signed by its sender's key.</summary>
    RelaySignature = 275,

    /// <summary>A relayed message has no hop left to reach its receiver.</summary>
    RelayNoHopsLeft = 276,

    /// <summary>A relayed message is too large to be spread in search of its receiver.</summary>
    RelayTooLargeToSpread = 277,

    /// <summary>A compact block's short ids can't be told apart, or lead to another root: ask for the block.</summary>
    CompactBlockAmbiguous = 278,

    /// <summary>Transactions came for a compact block that were not asked for.</summary>
    CompactBlockAnswer = 279,

    /// <summary>
    /// A file of addresses or anchors is cut short, changed or not what is written; begin without it.
    /// </summary>
    PeerFileDamaged = 280,

    /// <summary>A file of addresses or anchors is of another kind or network.</summary>
    PeerFileOther = 281,

    /// <summary>A message came before its turn in the handshake, or a second time.</summary>
    PeerHandshakeOrder = 290,

    /// <summary>The handshake was not done in time, or the connection could not be opened.</summary>
    PeerHandshakeTimeout = 291,

    /// <summary>The node is connected already.</summary>
    PeerDuplicate = 292,

    /// <summary>The peer does not serve what it was chosen for.</summary>
    PeerServesTooLittle = 293,

    /// <summary>The peer did not answer a ping.</summary>
    PeerSilent = 294,

    /// <summary>A frame came too slowly.</summary>
    PeerTooSlow = 295,

    /// <summary>Unfinished frames took too much memory, and this one was the slowest.</summary>
    PeerFrameMemory = 296,

    /// <summary>The peer does not read what is sent to it.</summary>
    PeerDoesNotRead = 297,

    /// <summary>The peer did not send what it was asked for in time.</summary>
    PeerStalled = 298,

    /// <summary>Headers that do not name each other.</summary>
    PeerHeadersUnlinked = 299,

    /// <summary>Again and again headers that link to nothing known.</summary>
    PeerHeadersUnconnected = 300,

    /// <summary>Too many headers that lead to no more work than is known.</summary>
    PeerHeadersFlood = 301,

    /// <summary>Other headers than those that had shown enough work.</summary>
    PeerHeadersChanged = 302,

    /// <summary>Something that nobody had asked for.</summary>
    PeerUnasked = 303,

    /// <summary>The peer asks for more than it may.</summary>
    PeerAsksTooMuch = 304,

    /// <summary>An answer that does not fit its question.</summary>
    PeerWrongAnswer = 305,

    /// <summary>The peer relays more messages than it may.</summary>
    PeerRelaysTooMuch = 306,

    /// <summary>The peer has had less work than this node for too long.</summary>
    PeerBehind = 307,

    /// <summary>The connection made room for another one.</summary>
    PeerEvicted = 308,

    /// <summary>A short connection has done what it was for.</summary>
    PeerFeelerDone = 309,

    /// <summary>The operator ended the connection.</summary>
    PeerEndedByOperator = 310,

    /// <summary>The node stops.</summary>
    PeerNodeStops = 311,

    /// <summary>An announcement or offer has a field out of its bounds.</summary>
    MarketForm = 340,

    /// <summary>An announcement or offer is of another network.</summary>
    MarketOtherNetwork = 341,

    /// <summary>An announcement or offer is dated too far ahead.</summary>
    MarketTime = 342,

    /// <summary>An announcement or offer is over.</summary>
    MarketExpired = 343,

    /// <summary>An announcement or offer is not signed by the key that it names.</summary>
    MarketSignature = 344,

    /// <summary>The stake that is announced is not among the unspent outputs.</summary>
    MarketStakeUnknown = 345,

    /// <summary>What is announced as a stake is none of the announced key.</summary>
    MarketStakeOther = 346,

    /// <summary>A later announcement about the same thing is known.</summary>
    MarketOutdated = 347,

    /// <summary>There is no room for it: too many, or too many of one signer.</summary>
    MarketFull = 348,

    /// <summary>The transaction that an offer names is not known.</summary>
    OfferTransactionUnknown = 350,

    /// <summary>The transaction behind an offer is about another job.</summary>
    OfferOtherJob = 351,

    /// <summary>The transaction behind an offer does not keep a deposit of the client.</summary>
    OfferDeposit = 352,

    /// <summary>The transaction behind an offer is not due at its deadline and one window.</summary>
    OfferLockTime = 353,

    /// <summary>The deposit behind an offer holds too little.</summary>
    OfferMoney = 354,

    /// <summary>A piece of a message is out of form.</summary>
    MessagePartForm = 355,

    /// <summary>The parts of a message contradict each other or the message's id.</summary>
    MessagePartContradicts = 356,

    /// <summary>Too much waits for the rest of its parts.</summary>
    MessagePartsTooMany = 357,

    /// <summary>Nobody here waits for messages of this kind.</summary>
    MessageUnwanted = 358,
}
