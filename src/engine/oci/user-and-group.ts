/** A user and a group of the host. */
export interface UserAndGroup {
  readonly uid: number;
  readonly gid: number;
}
